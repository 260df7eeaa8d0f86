"""Who belongs to the organisation, in which role and team."""

from fastapi import APIRouter

router = APIRouter(prefix="/people", tags=["people"])

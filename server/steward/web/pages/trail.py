"""Pages of the audit trail, refusals and activity."""

from fastapi import APIRouter

router = APIRouter()

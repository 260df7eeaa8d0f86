"""Questions that wait for a person, and their answers."""

from fastapi import APIRouter

router = APIRouter(prefix="/approvals", tags=["approvals"])

"""The audit trail, and whether it holds."""

from fastapi import APIRouter

router = APIRouter(prefix="/audit", tags=["audit"])

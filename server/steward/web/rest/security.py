"""What was refused, and who tried."""

from fastapi import APIRouter

router = APIRouter(prefix="/security", tags=["security"])

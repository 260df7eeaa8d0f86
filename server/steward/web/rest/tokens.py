"""Personal tokens."""

from fastapi import APIRouter

router = APIRouter(prefix="/tokens", tags=["tokens"])

"""What models cost."""

from fastapi import APIRouter

router = APIRouter(prefix="/prices", tags=["prices"])

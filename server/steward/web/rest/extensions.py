"""Other people's code: what is installed, what it may, and how it behaves."""

from fastapi import APIRouter

router = APIRouter(prefix="/extensions", tags=["extensions"])

"""The models that can be asked, and how they stand."""

from fastapi import APIRouter

router = APIRouter(prefix="/models", tags=["models"])

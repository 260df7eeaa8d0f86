"""How the parts of the server are doing."""

from fastapi import APIRouter

router = APIRouter(prefix="/health", tags=["health"])

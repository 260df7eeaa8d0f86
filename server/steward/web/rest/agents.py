"""The agents that people define."""

from fastapi import APIRouter

router = APIRouter(prefix="/agents", tags=["agents"])

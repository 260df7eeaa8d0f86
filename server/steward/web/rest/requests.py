"""Calls of models, and each one's attempts."""

from fastapi import APIRouter

router = APIRouter(prefix="/requests", tags=["requests"])

"""Pages of extensions."""

from fastapi import APIRouter

router = APIRouter()

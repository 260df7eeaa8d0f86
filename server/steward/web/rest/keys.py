"""The keys of providers: added and replaced, never read."""

from fastapi import APIRouter

router = APIRouter(prefix="/keys", tags=["keys"])

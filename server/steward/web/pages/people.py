"""Pages of people, teams, tokens and workspaces."""

from fastapi import APIRouter

router = APIRouter()

"""The rows of what people approved of MCP servers."""

from datetime import datetime

from sqlmodel import Field, SQLModel


class McpToolRow(SQLModel, table=True):
    """One tool of a server as a person approved it."""

    __tablename__ = "mcp_tool"  # pyright: ignore[reportAssignmentType]

    tenant_id: str = Field(primary_key=True)
    user: str = Field(primary_key=True)
    server: str = Field(primary_key=True)
    tool: str = Field(primary_key=True)
    identity: str
    """Which server it was; see `McpServer.identity`."""
    said: str
    """What the server said of the tool, as JSON: this is what was approved."""
    digest: str
    """SHA-256 of it."""
    approval_id: str
    """The yes that it came with; empty where it was said at a terminal."""
    approved_at: datetime
    seal: str = ""
    """Shows that Steward wrote all of the row; see `steward.permissions.seal`."""

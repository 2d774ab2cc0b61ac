"""The MCP server: other agents have their code proven, over stdio."""

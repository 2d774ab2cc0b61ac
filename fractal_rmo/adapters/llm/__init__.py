"""Language models over HTTP.  The vendors' SDKs are imported when one is first asked."""

"""Web push (RFC 8030): messages that a browser shows, sent through its vendor's push service. `encryption` hides their
content from that service, `vapid` identifies the sender, `services` lists the services, and `client` sends."""

"""Until when an alert waits for its recipient's time: a person whose e-mail is held was not notified yet."""


def held_until(alert_id: str) -> str:
    """The column `held_until`, null unless the e-mail of this alert is held."""
    return f"""
    (select held.try_at from escalation.deliveries held
     where held.alert_id = {alert_id} and held.channel = 'email' and held.state = 'held') as held_until
    """

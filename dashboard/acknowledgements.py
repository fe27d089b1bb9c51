"""The one thing that the dashboard writes: an analyst has seen an incident, and says something about it."""

import uuid

from dashboard.queries import Query

MAX_NAME, MAX_NOTE = 80, 1_000


def problem_with(name: str, note: str) -> str | None:
    """Why this can't be taken, in words for the analyst; None if it can."""
    if not name.strip():
        return "Say who you are: colleagues want to know whom to ask."
    if len(name.strip()) > MAX_NAME:
        return f"A name has at most {MAX_NAME} characters; this one has {len(name.strip())}."
    if len(note) > MAX_NOTE:
        return f"A note has at most {MAX_NOTE:,} characters; this one has {len(note):,}."
    return None


def acknowledge(incident_id: str, name: str, note: str) -> Query:
    """Append an acknowledgement; nothing that stands is changed.

    Raises: ValueError: `problem_with` finds one.
    """
    if problem := problem_with(name, note):
        raise ValueError(problem)
    return Query(
        """
        insert into outage_acknowledgements (acknowledgement_id, incident_id, acknowledged_by, note, acknowledged_ts)
        select %(acknowledgement_id)s, %(incident_id)s, %(name)s, %(note)s,
            cast(current_timestamp at time zone 'UTC' as timestamp(6))
        """,
        {
            "acknowledgement_id": str(uuid.uuid4()),
            "incident_id": incident_id,
            "name": name.strip(),
            "note": note.strip(),
        },
    )

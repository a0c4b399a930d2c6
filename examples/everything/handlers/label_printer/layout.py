"""What stands on a label."""


def lines(title, parcel, rows):
    """At most so many lines, the title first."""
    groups = [parcel[at : at + 4] for at in range(0, len(parcel), 4)]
    return [title, *groups][:rows]

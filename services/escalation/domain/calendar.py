"""Working time: hours of a week in a zone, less public holidays, days off and absences. All arithmetic is in UTC."""

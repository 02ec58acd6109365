"""Speech on disk until it is recognised, so that it survives a lost server, a crash and a closed terminal.

`Journal` is the directory, with an entry for each talk. `JournalWriter` records a talk while it is spoken:

    journal = Journal(paths.journal_dir(), settings.journal_max_mb)
    writer = journal.begin(header)
    writer.append(samples)  # before they are sent
    writer.hear(event)      # each event of the speech client
    writer.close()          # an entry of which nothing is left to send is removed

`VoiceStream(…, begin_record=journal.recording(settings.url))` does this for each of its talks.
"""

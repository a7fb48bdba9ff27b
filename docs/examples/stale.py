"""Which stages did a stale mark decide, under which fix? Asked of the traces that are stored here."""

import duckdb

DECIDED = """
    WITH record AS (
        FROM read_json('trace.*.jsonl', format = 'newline_delimited', filename = true, columns = {
            kind: 'VARCHAR', fix: 'VARCHAR', outcome: 'VARCHAR',
            row: 'INTEGER', stage: 'VARCHAR', packet: 'VARCHAR',
            checks: 'STRUCT(id VARCHAR, mark STRUCT(name VARCHAR, made_for VARCHAR, stale BOOLEAN))[]'
        })
    ),
    run AS (SELECT filename, fix FROM record WHERE kind = 'run'),
    verdict AS (SELECT filename, outcome FROM record WHERE kind = 'verdict'),
    asked AS (SELECT filename, row, stage, packet, unnest(checks) AS ask FROM record WHERE kind = 'step')
    SELECT fix, outcome, row, stage, ask.id, packet, ask.mark.name, ask.mark.made_for
    FROM run JOIN verdict USING (filename)
    LEFT JOIN asked ON asked.filename = run.filename AND ask.mark.stale
    ORDER BY ALL
"""

for fix, outcome, row, stage, question, packet, mark, made_for in duckdb.sql(DECIDED).fetchall():
    asked = f"row {row} {stage} asks {question} of {packet}: {mark} of {made_for}"
    print(f"{fix:<14} {outcome:<5} {asked if stage else 'nothing'}")

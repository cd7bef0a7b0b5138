/** check: use the new program for what databases are used for, and compare what it says. */
import { definePhase } from "cleave/phase";

const statements = `
CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, born INTEGER CHECK (born > 0));
CREATE INDEX by_year ON person (born);
INSERT INTO person (name, born) VALUES ('Ada', 1815), ('Grace', 1906), ('Barbara', 1928);
BEGIN;
DELETE FROM person;
ROLLBACK;
SELECT name FROM person WHERE born > 1900 ORDER BY born DESC;
WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 100000) SELECT sum(x) FROM n;
SELECT json_extract('{"a": [1, {"b": 2}]}', '$.a[1].b'), round(1.5 * 3, 1), hex(zeroblob(2));
SELECT name, rank() OVER (ORDER BY born) FROM person;
PRAGMA integrity_check;
`;

const expected = ["Barbara", "Grace", "5000050000", "2|4.5|0000", "Ada|1", "Grace|2", "Barbara|3", "ok"];

export default definePhase(async (phase) => {
  const sqlite = async (database: string, text: string) =>
    (
      await phase.exec([`${phase.workDirectory}/sqlite3`, "-batch", database], {
        stdin: text,
        stdout: "capture",
        check: [0, 1],
        stderr: "stdout",
      })
    ).stdout
      .trimEnd()
      .split("\n");
  const database = `${phase.temporaryDirectory}/people.db`;
  expect(await sqlite(database, statements), expected);
  expect(await sqlite(database, "SELECT count(*) FROM person;"), ["3"]);
  const refused = await sqlite(database, "INSERT INTO person (name, born) VALUES ('Ada', 1);");
  if (!refused.join().includes("UNIQUE constraint failed"))
    phase.fail(`a name was taken twice: ${refused.join(", ")}`);
  phase.log(`${expected.length + 2} answers are as they should be`);

  function expect(lines: readonly string[], wanted: readonly string[]): void {
    if (lines.join("\n") !== wanted.join("\n"))
      phase.fail(`the program said:\n${lines.join("\n")}\nand not:\n${wanted.join("\n")}`);
  }
});

/**
 * The tables of a store's database: Nix's schema 10, and version 3 of its tables for content-addressed
 * derivations. Real Nix reads and writes them at the same time.
 *
 * - ValidPaths: `path` in full, `hash` as `sha256:` and base16 of the NAR, `registrationTime` in seconds, `narSize`
 *   in bytes, `ultimate` 1 if it was built here, `sigs` with spaces between, `ca` as `text:sha256:…` or
 *   `fixed:[r:]<algorithm>:<nix32>`. What is unknown is null.
 * - Refs: who refers to whom, by id. A path cannot go while another one refers to it.
 * - DerivationOutputs: what a valid derivation makes, valid or not.
 * - Realisations, RealisationsRefs: which path an output of a content-addressed derivation has become.
 */

/** Versions, as the files `schema` and `ca-schema` have them. */
export const schemaVersion = 10;
export const contentAddressingVersion = 3;

export const schema = `
create table if not exists ValidPaths (
    id               integer primary key autoincrement not null,
    path             text unique not null,
    hash             text not null,
    registrationTime integer not null,
    deriver          text,
    narSize          integer,
    ultimate         integer,
    sigs             text,
    ca               text
);
create table if not exists Refs (
    referrer  integer not null,
    reference integer not null,
    primary key (referrer, reference),
    foreign key (referrer) references ValidPaths(id) on delete cascade,
    foreign key (reference) references ValidPaths(id) on delete restrict
);
create index if not exists IndexReferrer on Refs(referrer);
create index if not exists IndexReference on Refs(reference);
create trigger if not exists DeleteSelfRefs before delete on ValidPaths
  begin
    delete from Refs where referrer = old.id and reference = old.id;
  end;
create table if not exists DerivationOutputs (
    drv  integer not null,
    id   text not null,
    path text not null,
    primary key (drv, id),
    foreign key (drv) references ValidPaths(id) on delete cascade
);
create index if not exists IndexDerivationOutputs on DerivationOutputs(path);
`;

export const contentAddressingSchema = `
create table if not exists Realisations (
    id integer primary key autoincrement not null,
    drvPath text not null,
    outputName text not null,
    outputPath integer not null,
    signatures text,
    foreign key (outputPath) references ValidPaths(id) on delete cascade
);
create index if not exists IndexRealisations on Realisations(drvPath, outputName);
create table if not exists RealisationsRefs (
    referrer integer not null,
    realisationReference integer,
    foreign key (referrer) references Realisations(id) on delete cascade,
    foreign key (realisationReference) references Realisations(id) on delete restrict
);
create index if not exists IndexRealisationsRefs on RealisationsRefs(referrer);
create index if not exists IndexRealisationsRefsOnOutputPath on Realisations(outputPath);
`;

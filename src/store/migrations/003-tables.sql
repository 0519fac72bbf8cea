-- Version 3: everything that the run folders say, each thing in a table of its own. Unknown texts are
-- '', unknown figures NULL, unknown counts 0. Rows of version 2 are kept; the empty stamp makes the
-- next list read the rest from their folders.
ALTER TABLE runs RENAME TO runs_2;
DROP INDEX runs_by_model;
DROP INDEX runs_by_name;

-- What computed: shared by the runs that it made.
CREATE TABLE environments(
    id INTEGER PRIMARY KEY,
    cpu TEXT NOT NULL,
    isa TEXT NOT NULL,
    threads INTEGER NOT NULL,
    version TEXT NOT NULL,   -- of weft
    libraries TEXT NOT NULL,
    UNIQUE(cpu, isa, threads, version, libraries)
);

CREATE TABLE runs(
    id TEXT PRIMARY KEY,     -- the folder's name
    stamp TEXT NOT NULL,     -- of the folder's files as they were read
    status TEXT NOT NULL
        CHECK(status IN ('running', 'finished', 'interrupted', 'failed', 'abandoned')),
    environment INTEGER NOT NULL REFERENCES environments(id),
    name TEXT NOT NULL,
    model TEXT NOT NULL,
    family TEXT NOT NULL,
    dataset TEXT NOT NULL,
    data_hash TEXT NOT NULL,
    precision TEXT NOT NULL,
    started TEXT NOT NULL,   -- UTC, 2026-01-31T12:00:00.000Z
    ended TEXT NOT NULL,
    reason TEXT NOT NULL,    -- why it ended
    command TEXT NOT NULL,
    weights TEXT NOT NULL,   -- which of its weights were judged: best or last
    part TEXT NOT NULL,      -- on what: test, held-out (a fold), or '' when not yet
    worst_class TEXT NOT NULL, -- by F1
    best_class TEXT NOT NULL,
    claim_text TEXT NOT NULL,
    seed INTEGER NOT NULL,
    epochs INTEGER NOT NULL,
    epochs_planned INTEGER NOT NULL,
    batch_size INTEGER NOT NULL,
    train_count INTEGER NOT NULL,
    validation_count INTEGER NOT NULL,
    test_count INTEGER NOT NULL,
    class_count INTEGER NOT NULL,
    parameters INTEGER NOT NULL,
    trainable_parameters INTEGER NOT NULL,
    madds INTEGER NOT NULL,  -- multiply-adds of one image forward
    ms_per_step REAL,        -- medians over the epochs
    s_per_epoch REAL,
    total_s REAL,
    val_loss REAL,           -- of the last epoch
    val_accuracy REAL,
    worst_f1 REAL,
    best_f1 REAL,
    claim_accuracy REAL,
    claim_macro_f1 REAL,
    claim_loss REAL
) WITHOUT ROWID;
CREATE INDEX runs_by_model ON runs(model, started);
CREATE INDEX runs_by_name ON runs(name, started);
CREATE INDEX runs_by_dataset ON runs(dataset, started);
CREATE INDEX runs_by_status ON runs(status, started);
CREATE INDEX runs_by_environment ON runs(environment);

-- An environment goes with its last run.
CREATE TRIGGER environments_unused AFTER DELETE ON runs BEGIN
    DELETE FROM environments WHERE id = old.environment
        AND NOT EXISTS (SELECT 1 FROM runs WHERE environment = old.environment);
END;

CREATE TABLE epochs(
    run TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
    epoch INTEGER NOT NULL,  -- from 1
    loss REAL,
    accuracy REAL,
    val_loss REAL,
    val_accuracy REAL,
    learning_rate REAL,
    seconds REAL,
    ms_per_step REAL,
    PRIMARY KEY(run, epoch)
) WITHOUT ROWID;

-- Figures of the judged part: accuracy, loss, macro_f1, top_3 ...; low and high: an interval, if known.
CREATE TABLE metrics(
    run TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
    part TEXT NOT NULL CHECK(part IN ('test', 'held-out')),
    name TEXT NOT NULL,
    value REAL NOT NULL,
    low REAL,
    high REAL,
    PRIMARY KEY(run, part, name)
) WITHOUT ROWID;
CREATE INDEX metrics_by_name ON metrics(name, part, value);

-- Figures per class: precision, recall, f1, support ...
CREATE TABLE class_scores(
    run TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
    part TEXT NOT NULL CHECK(part IN ('test', 'held-out')),
    class INTEGER NOT NULL,  -- from 0
    class_name TEXT NOT NULL,
    metric TEXT NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY(run, part, class, metric)
) WITHOUT ROWID;
CREATE INDEX class_scores_by_name ON class_scores(class_name, metric, value);

-- Runs that are a fold of a cross-validation; all from 0.
CREATE TABLE folds(
    run TEXT PRIMARY KEY REFERENCES runs(id) ON DELETE CASCADE,
    folds INTEGER NOT NULL,  -- how many
    repeat INTEGER NOT NULL,
    fold INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX folds_by_place ON folds(folds, repeat, fold);

-- The files of a run's folder.
CREATE TABLE artefacts(
    run TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
    path TEXT NOT NULL,      -- below the folder
    kind TEXT NOT NULL,      -- weights, checkpoint, predictions ...
    bytes INTEGER NOT NULL,
    PRIMARY KEY(run, path)
) WITHOUT ROWID;
CREATE INDEX artefacts_by_kind ON artefacts(kind, bytes);

-- What the user noted.
CREATE TABLE tags(
    run TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value TEXT NOT NULL,     -- '' for a tag that is there or not
    PRIMARY KEY(run, name)
) WITHOUT ROWID;
CREATE INDEX tags_by_name ON tags(name, value);

-- One line per run, with all that is usually asked for.
CREATE VIEW summary AS
SELECT r.id, r.status, r.name, r.model, r.family, r.dataset, r.data_hash, r.precision, r.started,
    r.ended, r.reason, r.command, r.weights, r.part, r.worst_class, r.best_class, r.claim_text, r.seed,
    r.epochs, r.epochs_planned, r.batch_size, r.train_count, r.validation_count, r.test_count,
    r.class_count, r.parameters, r.trainable_parameters, r.madds, r.ms_per_step, r.s_per_epoch,
    r.total_s, r.val_loss, r.val_accuracy, r.worst_f1, r.best_f1, r.claim_accuracy, r.claim_macro_f1,
    r.claim_loss, e.cpu, e.isa, e.threads, e.version, e.libraries,
    coalesce(f.folds, 0) AS folds, coalesce(f.repeat, 0) AS repeat, coalesce(f.fold, 0) AS fold,
    (SELECT value FROM metrics m WHERE m.run = r.id AND m.part = r.part AND m.name = 'accuracy')
        AS accuracy,
    (SELECT value FROM metrics m WHERE m.run = r.id AND m.part = r.part AND m.name = 'loss') AS loss,
    (SELECT value FROM metrics m WHERE m.run = r.id AND m.part = r.part AND m.name = 'macro_f1')
        AS macro_f1,
    (SELECT json_group_object(t.name, t.value) FROM tags t WHERE t.run = r.id) AS tags
FROM runs r JOIN environments e ON e.id = r.environment LEFT JOIN folds f ON f.run = r.id;

-- One line per run and class.
CREATE VIEW classes AS
SELECT run, part, class, class_name,
    max(value) FILTER(WHERE metric = 'precision') AS precision,
    max(value) FILTER(WHERE metric = 'recall') AS recall,
    max(value) FILTER(WHERE metric = 'f1') AS f1,
    max(value) FILTER(WHERE metric = 'auc') AS auc,
    max(value) FILTER(WHERE metric = 'average_precision') AS average_precision,
    CAST(max(value) FILTER(WHERE metric = 'support') AS INTEGER) AS support
FROM class_scores GROUP BY run, part, class;

INSERT INTO environments(cpu, isa, threads, version, libraries)
SELECT DISTINCT cpu, isa, threads, '', '' FROM runs_2;

INSERT INTO runs
SELECT r.id, '',
    CASE r.status WHEN 1 THEN 'finished' WHEN 2 THEN 'interrupted' WHEN 3 THEN 'failed'
        ELSE 'abandoned' END,
    e.id, r.name, r.model, r.family, r.dataset, r.data_hash, r.precision, r.started, r.ended, '', '', '',
    CASE WHEN r.accuracy IS NULL THEN '' WHEN r.folds > 0 THEN 'held-out' ELSE 'test' END,
    r.worst_class, r.best_class, r.claim_text, r.seed, r.epochs, r.epochs_planned, r.batch_size,
    r.train_count, r.validation_count, r.test_count, r.class_count, r.parameters, 0, r.madds,
    r.ms_per_step, r.s_per_epoch, r.total_s, r.val_loss, r.val_accuracy, r.worst_f1, r.best_f1,
    r.claim_accuracy, r.claim_macro_f1, r.claim_loss
FROM runs_2 r JOIN environments e ON e.cpu = r.cpu AND e.isa = r.isa AND e.threads = r.threads;

INSERT INTO folds SELECT id, folds, repeat, fold FROM runs_2 WHERE folds > 0;

INSERT INTO metrics(run, part, name, value)
SELECT n.id, r.part, n.metric, n.value FROM (
    SELECT id, 'accuracy' AS metric, accuracy AS value FROM runs_2
    UNION ALL SELECT id, 'loss', loss FROM runs_2
    UNION ALL SELECT id, 'macro_f1', macro_f1 FROM runs_2) n
JOIN runs r ON r.id = n.id WHERE n.value IS NOT NULL AND r.part <> '';

DROP TABLE runs_2;

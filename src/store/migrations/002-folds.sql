-- Version 2: which fold of a cross-validation a run is; folds 0: none.
ALTER TABLE runs ADD COLUMN folds INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN repeat INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN fold INTEGER NOT NULL DEFAULT 0;

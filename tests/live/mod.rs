//! Time travel on a running fake: undo and redo, snapshots, and the questions and answers of `FAKEREDIS`.

mod steps;

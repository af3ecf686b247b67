// Package record keeps what a run of score.Fit says of its steps: tables (CSV),
// lines of JSON (JSONLines), files that stay whole (LineFile), metrics of one's
// own (Metric), several of them at once (All). A progress bar is in the package
// bar below, so that only those who draw one need its module.
package record

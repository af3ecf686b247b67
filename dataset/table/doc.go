// Package table holds tables of mixed columns: numbers, categories, dates, with
// cells missing.
//
// Every cell of a Table is a float64, whatever its kind: a number is itself, a
// category the index of its level, a date its seconds since 1970, and a cell that
// is missing is NaN. What a column's numbers mean is in its Field.
package table

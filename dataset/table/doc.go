// Package table holds tables of mixed columns: numbers, categories, dates, with
// cells missing.
//
// Every cell of a Table is a float64, whatever its kind: a number is itself, a
// category the index of its level, a date its seconds since 1970, and a cell that
// is missing is NaN. What a column's numbers mean is in its Field.
//
// # Reading
//
// Read and ReadFile take separated text and look at all rows before they say what a
// column is. They guess only where no row contradicts, and otherwise return an error
// that names the cell and what to say in ReadSettings. Spaces around a cell are no
// part of it. In this order, a column whose cells, but for those missing, are
//
//   - all the same text, or missing throughout, is a Constant;
//   - false and true, no and yes, f and t, n and y, in any case, or 0 and 1, is
//     Boolean;
//   - decimal numbers is Whole or a Number, see below;
//   - numbers for the greater part, with other texts among them, is an error;
//   - dates with a year of four digits, with or without the time of day, such as
//     2006-01-02, 2006-01-02T15:04:05.000Z, 02.01.2006 or 2 Jan 2006, all in one form,
//     is Time. In 02/01/2006 and 02-01-2006 the day or the month may be first: when no
//     row tells by a day above 12, it is an error;
//   - times for the greater part is an error as well;
//   - for the greater part numbers with separators of thousands, decimal commas,
//     currencies or per cent signs is an error;
//   - 30 or more texts of which three quarters or more are different is an Identifier:
//     names, keys, free text. Such a column is left out;
//   - other texts, up to MostLevels different ones, is a Category, its levels sorted.
//
// A number has digits, at most one point, and may have a sign and an exponent.
// Hexadecimal numbers, 1_000, 1,000 and Inf are no numbers, and neither are digits
// that begin with a zero, such as 007, which are codes. A number beyond the range of
// float64 is an error, and so is a whole number in digits beyond 2⁵³, which float64
// would round.
//
// A column of whole numbers is Whole with Step 1, but an Identifier when it has 30
// or more cells, none missing, that count the rows from 0 or 1, or that are all
// different in a column whose name ends in the word id, index or key.
//
// The Step of a Number is 10⁻ᵏ, with the most decimals k that a cell has when
// trailing zeros are taken off, if the cells were rounded to k decimals: if there are
// up to 10⁶ multiples of the Step below the largest magnitude, or up to 10¹² and k
// decimals in at least half of the cells that are not whole, where rounding leaves
// nine of ten. Computed numbers, with 15 to 17 digits each, and such as span decades
// with a few digits each, have Step 0. The Step of a Time is a day, an hour, a minute, a second or the last
// digit of its fractions.
//
// # Writing
//
// Write is the inverse of Read with Table.Fields as the Schema. A Schema can be kept
// as JSON, edited, and given to Read again: []Field marshals with kinds by name.
//
// # Reports
//
// NewReport compares synthetic rows with the rows T that they were made from, and
// with rows H of the same kind that were held out. Each measure is also that of two
// references: independent columns, each column of T shuffled for itself, which have
// perfect columns and nothing else; and the rows H, which are as good as a model can
// be. A score is good when it is that of H. The measures are those of package
// twosample unless defined here:
//
//   - columns: the mean of their KS, for numbers that are there, or of their total
//     variation, for levels, a missing cell being one;
//   - pairs: the mean of PairErrors;
//   - C2ST by trees, on cells as they are: levels by their numbers, missing ones as
//     NaN. Rows that have the very values of T, as copies and independent columns do,
//     can be told less often than half of the time, since a value in the rows asked
//     about then stands for the other table in those fitted to; against H they cannot;
//   - precision, recall, density and coverage by 5 neighbours;
//   - utility: trees predict a column from the others. Fitted to T, to synthetic rows
//     (train on synthetic, test on real), or to independent columns they are asked about
//     H; R² of numbers, and the share of right answers of levels;
//   - rules: the share of rows that break one;
//   - copies: the share of rows that are equal to one of T, which rows of few levels
//     are by chance: H says how often;
//   - privacy: the AUC of twosample.Membership, attacks that tell rows of T from those
//     of H, of which the larger AUC counts. H itself is attacked with one half as
//     released rows, and the other as those not trained on;
//   - the share of rows that are nearer to a row of T than to any of as many of H, ½ for
//     a model that knows nothing of T in particular. It is no claim of privacy: a model
//     may copy a few rows, and a distance says nothing of what is given away.
//
// Neighbours and distances are those of rows in this space: a number, a time or an
// ordered level is its rank among those of T, from 0 to 1, divided by the deviation
// 1/√12 of ranks; another level a corner of a simplex with edges √2, the root mean
// square distance of two ranks, where all but the 23 commonest share one; and a missing
// cell has a coordinate of its own, 1, beside the middle rank. So units and wide tails do
// not matter, and columns count alike.
package table

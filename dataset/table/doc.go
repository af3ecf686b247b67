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
// with a few digits each, have Step 0. The Step of a Time is a day, an hour, a minute, a
// second or the last digit of its fractions.
//
// # Writing
//
// Write is the inverse of Read with Table.Fields as the Schema. A Schema can be kept
// as JSON, edited, and given to Read again: []Field marshals with kinds by name.
//
// # Codec
//
// A score model learns rows of real numbers that have a density: without ties, of
// about the same scale, without wild tails. A Codec is fitted to a table and turns its
// rows into such rows, and the model's rows back into a table.
//
// A number v becomes
//
//	y = (w − shift)/scale,   w = spread(z),   z = bend((v + Step·(u − ½) − center)/unit)
//
// with u on (0, 1), a function of seed, row and column: the mean of two uniform numbers,
// so that the density is least between values. So the values on a lattice fill it
// without ties, and decoding rounds to it. What bend is, the Coding says:
//
//	Standard   z = x
//	Log        z = asinh x
//	Logit      z = log((x − low)/(high − x))
//	Quantile   z = Φ⁻¹(F(x)), F the distribution function of the rows fitted
//
// Standard keeps relations between columns as they are, and is taken unless a column
// has heavy tails: unless its outer half per cent begins more than 8 deviations from
// the median, or its standard deviation is more than 3 of them, where the quartiles say
// what a deviation is. Then it is Log, and Quantile when the tails of that are as heavy. The spread makes room for atoms, values that 2 %
// of the rows or more share, such as the zeros of rainfall: each becomes an interval of
// a width in proportion to its share, and the others keep their distances. A column
// without a lattice that has few different values has atoms only. Straight lines beyond
// the values fitted give new ones a code.
//
// A level becomes a number on an interval of its own, side by side with those of the
// others and as wide: frequent levels are dense. Columns of zeros and ones, one for each
// level, are worse: there are more of them, and they have no density. The levels of a
// Category are in the order of what they go with: of the means of their rows in the
// other columns (ranks of numbers, and which of the frequent levels), put on the first
// principal direction of all levels' means, so that neighbours are alike.
//
// Of a cell that is known, when others are drawn given it, a model is told the middle of
// the interval. Any place in it says the same to a model that is exact; a network answers
// near a border as for both sides of it, and near a middle least. Errors of that kind are
// smaller when the sampler adds noise on the way, as sampler.DPMpp2MSDE does, which lets rows
// forget where they began.
//
// That cells are missing is coded in a column of its own, one for all columns that are
// missing in the same rows, as a level of two. The coded value is then a draw from the
// values that are there, which says nothing of the others, so that rows may be drawn at
// once: Draw does it, given some columns or none. A cell whose value is drawn given that
// it is there, to fill a hole, tells the model that it is there, and so something of the
// other cells when it is missing for a reason. Impute therefore fills holes by the chain
// rule,
//
//	p(x₁ | known, there₁) p(x₂ | known, x₁, there₂) …,
//
// where x₁ are the cells of columns that no row fitted lacked, and the others follow by
// rising share of missing cells, those that are missing in the same rows at once; what
// comes later is integrated over. It takes holes to be missing at random: that a cell of
// the table to be filled is missing says nothing.
//
// A Rule is kept by coordinates where it can: of a ≤ b the columns a and b − a are coded,
// of a sum all but the total, of D shares their D − 1 isometric log-ratios (Egozcue et
// al. 2003), with zeros put at random below the least share that there was. Bounds are
// kept when decoding. Other rules are checked by Violations; Draw and Impute draw the
// rows that break one again.
//
// After Match, decoding corrects marginals by rank. A coded value y of the model, with
// distribution function G, is read as F*⁻¹(G(y)), where F* is the rows' own F for levels,
// missing cells and columns in which many rows share values, and otherwise the function
// nearest to G with
//
//	|F* − F| ≤ 2 √(F(1 − F)(1/n + 1/m))
//
// for n rows fitted and m of the model. F itself would move every column by its own
// sampling noise, about a per cent of a deviation, which is much for a column that is
// nearly a function of others: such laws break far more often with it.
//
// A column with lumps that is nearly a function of smooth ones, R² ≥ .9 by a polynomial of
// degree 2, leads these: moving it alone, by more than a third of the deviation that the
// others leave open in the model's rows, would contradict them. So they go along: when
// the leader moves from y to y', a column x moves by s(m(y') − m(y)), where m is the cubic
// regression of x on y, and s, the same for all that go along in a row, makes the
// polynomial move as far as y does. So areas have their round numbers, and widths and
// lengths their product. Where a column that goes along comes out with a distribution that
// is off by more than .03 and chance, by the Kolmogorov–Smirnov distance, none does, and all
// are matched by themselves; and nothing leads where smooth columns have missing cells.
//
//	Egozcue et al. 2003   Isometric logratio transformations for compositional data
//	                      analysis, Mathematical Geology 35
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

package table

// Coding is how the numbers of a column are made well-behaved.
type Coding int

const (
	// Auto chooses: Standard for numbers, Log or Quantile for those with heavy tails,
	// Ordinal for levels.
	Auto Coding = iota
	// Standard keeps numbers but for their unit.
	Standard
	// Log is asinh((v − c)/s): the logarithm for numbers far from c, here 0 where no
	// number is negative and else the median.
	Log
	// Quantile is Φ⁻¹(F(v)), with the distribution function of the rows fitted.
	Quantile
	// Logit is log((v − low)/(high − v)) with the bounds of a rule, or else the least
	// and the greatest number.
	Logit
	// Ordinal puts levels side by side on a line.
	Ordinal
	// OneHot gives every level a coded column.
	OneHot
)

var codingNames = [...]string{"auto", "standard", "log", "quantile", "logit", "ordinal", "one-hot"}

// String returns the name of the coding, in lower case.
func (c Coding) String() string {
	if c < 0 || int(c) >= len(codingNames) {
		return "unknown coding"
	}
	return codingNames[c]
}

// LevelOrder is the order of the levels of a Category on the line.
type LevelOrder int

const (
	// Associated puts levels side by side whose rows are alike in the other columns:
	// by the leading principal direction of the levels' means.
	Associated LevelOrder = iota
	// Frequent puts the most frequent level first.
	Frequent
	// Given is that of Field.Levels.
	Given
)

package table

// jitter is the address of the random numbers of a cell: pure functions of the seed,
// the row and the column.
type jitter struct {
	seed        uint64
	row, column int
}

const (
	// fitSeed makes the jitter of the rows that a codec is fitted to.
	fitSeed = 0x5bd1e995
	// margin is the share of a cell that jitter leaves out at both of its ends, so that
	// rounding does not bring a value into the next cell.
	margin = 1. / 256
)

// uniform returns a number on (0, 1), the same for the same address and k.
func (j jitter) uniform(k uint64) float64 {
	h := mix(mix(mix(mix(j.seed)+uint64(j.row))+uint64(j.column)) + k)
	return (float64(h>>11) + .5) / (1 << 53)
}

// within returns a number on (0, 1) away from its ends: the mean of two uniform ones,
// whose density rises to the middle of a cell and falls to nothing at its ends.
func (j jitter) within() float64 {
	return margin + (1-2*margin)*(j.uniform(0)+j.uniform(1))/2
}

// mix is the step of SplitMix64.
func mix(h uint64) uint64 {
	h += 0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

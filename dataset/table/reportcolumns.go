package table

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset/twosample"
)

// ColumnReport compares the cells of a column.
type ColumnReport struct {
	Name string
	Kind Kind
	// Errors are the KS of numbers, or the total variation of levels, of the rows of
	// each of Report.Scores.
	Errors           []float64
	Train, Synthetic Summary
	Histogram        Histogram
}

// Summary sums up the cells of a column: the share that is missing, and of numbers
// the mean and standard deviation of the others, 0 where there are none.
type Summary struct{ Missing, Mean, SD float64 }

// Histogram has the shares of the rows whose cell is in a bin, or of a level.
type Histogram struct {
	// Edges are one more than the bins of numbers, each but the last in its bin, from
	// the lower to the upper half per cent of the rows trained on, and between the
	// points of a lattice. In a column of positive numbers over decades they are equally
	// far apart in the logarithm, Log.
	Edges []float64 `json:",omitempty"`
	Log   bool      `json:",omitempty"`
	// Labels are the commonest levels, the last of more than 12 being all others.
	Labels           []string `json:",omitempty"`
	Train, Synthetic []float64
}

// PairReport compares the joint cells of two columns.
type PairReport struct {
	A, B string
	// Errors are those of twosample.PairErrors, of the rows of each of Report.Scores.
	Errors []float64
	// Train and Synthetic are the associations of twosample.Associations.
	Train, Synthetic float64
}

// pairWork bounds the rows that are compared times the square of the columns: all
// rows of a million in 10 columns.
const pairWork = 1e8

// compare compares columns and pairs of columns.
func (r *reporter) compare() error {
	d := len(r.fields)
	rows := max(1000, pairWork/(d*d))
	if n := max(r.report.Train, r.report.Synthetic); n > rows {
		r.note("Columns and pairs are compared in %d rows at most.", rows)
	}
	from := some(r.train, rows, r.Seed)
	errors := make([]*mat.SymDense, len(r.others))
	for i, x := range r.others {
		errors[i] = twosample.PairErrors(from, some(x, rows, r.Seed+1), r.category)
		n, _ := x.Dims()
		r.report.Scores = append(r.report.Scores, Scores{Name: r.names[i], Rows: n, Columns: none, Missing: none, Pairs: none})
	}
	before, after := twosample.Associations(from, r.category), twosample.Associations(some(r.others[0], rows, r.Seed+1), r.category)
	missing := make([]float64, len(r.others))
	at := func(j, k int) (v []float64) {
		for _, e := range errors {
			v = append(v, e.At(j, k))
		}
		return v
	}
	for j, f := range r.fields {
		cells := mat.Col(nil, j, r.train)
		train := summarise(cells, f)
		for i, x := range r.others {
			missing[i] += math.Abs(summarise(mat.Col(nil, j, x), f).Missing-train.Missing) / float64(d)
		}
		synthetic := mat.Col(nil, j, r.others[0])
		r.report.Columns = append(r.report.Columns, ColumnReport{
			Name: f.Name, Kind: f.Kind, Errors: at(j, j),
			Train: train, Synthetic: summarise(synthetic, f), Histogram: histogram(f, cells, synthetic),
		})
		for k := range j {
			r.report.Pairs = append(r.report.Pairs, PairReport{
				A: r.fields[k].Name, B: f.Name, Errors: at(k, j), Train: before.At(k, j), Synthetic: after.At(k, j),
			})
		}
	}
	for i := range r.others {
		sc := &r.report.Scores[i]
		sc.Missing.Value = missing[i]
		sc.Columns.Value, sc.Pairs.Value = 0, 0
		for _, c := range r.report.Columns {
			sc.Columns.Value += c.Errors[i] / float64(d)
		}
		for _, p := range r.report.Pairs {
			sc.Pairs.Value += p.Errors[i] / float64(len(r.report.Pairs))
		}
		if len(r.report.Pairs) == 0 {
			sc.Pairs = none
		}
	}
	slices.SortStableFunc(r.report.Pairs, func(a, b PairReport) int { return cmp.Compare(b.Errors[0], a.Errors[0]) })
	return nil
}

func summarise(cells []float64, f Field) (s Summary) {
	there := slices.DeleteFunc(slices.Clone(cells), math.IsNaN)
	s.Missing = 1 - float64(len(there))/float64(len(cells))
	if f.Kind.Discrete() || len(there) == 0 {
		return s
	}
	exponent := downscale(there)
	s.Mean, s.SD = stat.PopMeanStdDev(there, nil)
	s.Mean, s.SD = math.Ldexp(s.Mean, exponent), math.Ldexp(s.SD, exponent)
	return s
}

// downscale divides values by the power of two that takes the largest below one, so
// that no square overflows, and returns its exponent.
func downscale(values ...[]float64) (exponent int) {
	var top float64
	for _, part := range values {
		for _, v := range part {
			top = max(top, math.Abs(v))
		}
	}
	_, exponent = math.Frexp(top)
	for _, part := range values {
		for i, v := range part {
			part[i] = math.Ldexp(v, -exponent)
		}
	}
	return exponent
}

// Sizes of histograms.
const (
	histogramBins   = 24
	histogramLevels = 12
)

func histogram(f Field, train, synthetic []float64) Histogram {
	there := slices.DeleteFunc(slices.Clone(train), math.IsNaN)
	slices.Sort(there)
	if f.Kind.Discrete() {
		return levelHistogram(f, there, train, synthetic)
	}
	if len(there) == 0 {
		return Histogram{}
	}
	for i, v := range there {
		there[i] = max(-mostNumber, min(v, mostNumber))
	}
	h := Histogram{}
	h.Edges, h.Log = edges(there, latticeOf(f))
	bins := len(h.Edges) - 1
	low, high := h.Edges[0], h.Edges[bins]
	count := func(cells []float64) []float64 {
		shares := make([]float64, bins)
		for _, v := range cells {
			if k, _ := slices.BinarySearch(h.Edges, math.Nextafter(v, math.Inf(1))); v >= low && v <= high {
				shares[min(k, bins)-1] += 1 / float64(len(cells))
			}
		}
		return shares
	}
	h.Train, h.Synthetic = count(train), count(synthetic)
	return h
}

// edges returns the edges of bins for sorted cells, and whether they are equally far
// apart in the logarithm.
func edges(sorted []float64, step float64) (e []float64, logarithmic bool) {
	low, middle, high := quantile(sorted, 0.005), quantile(sorted, 0.5), quantile(sorted, 0.995)
	if low == high {
		width := max(math.Abs(low)/2, 0.5)
		low, high = low-width, high+width
	}
	if logarithmic = low > 0 && high > 20*middle; logarithmic || (high-low)/step > 1e9 {
		step = 0
	}
	bins, width := histogramBins, 0.
	if step > 0 {
		points := math.Round((high-low)/step) + 1
		width = step * math.Ceil(points/histogramBins)
		low = snap(low, step) - step/2
		bins = int(math.Ceil(points * step / width))
		high = low + float64(bins)*width
	}
	for k := range bins + 1 {
		u := float64(k) / float64(bins)
		v := low*(1-u) + high*u
		if logarithmic {
			v = math.Exp(math.Log(low)*(1-u) + math.Log(high)*u)
		}
		e = append(e, v)
	}
	e[0], e[bins] = low, high
	return e, logarithmic
}

func levelHistogram(f Field, there, train, synthetic []float64) Histogram {
	corner, _ := commonest(there, len(f.Levels))
	used := min(len(f.Levels), histogramLevels)
	h := Histogram{Labels: make([]string, used)}
	for k, c := range corner {
		if c < used {
			h.Labels[c] = f.Levels[k]
		}
	}
	if len(f.Levels) > histogramLevels {
		h.Labels[used-1] = "others"
	}
	count := func(cells []float64) []float64 {
		shares := make([]float64, used)
		for _, v := range cells {
			if v == v {
				shares[min(corner[int(v)], used-1)] += 1 / float64(len(cells))
			}
		}
		return shares
	}
	h.Train, h.Synthetic = count(train), count(synthetic)
	return h
}

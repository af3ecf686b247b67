package twosample

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/boost"
)

// ErrRange reports a setting outside its domain.
var ErrRange = errors.New("out of range")

// C2STSettings are the settings of C2ST. The zero value, like nil, means the
// defaults.
type C2STSettings struct {
	// Folds is the number of parts of the cross-validation, 5 when 0. It is lowered
	// to the rows of the smaller sample.
	Folds int
	// Confidence is that of the interval, .95 when 0.
	Confidence float64
	// Seed decides which rows are in which fold.
	Seed uint64
	// Trees are the settings of the classifier.
	Trees *boost.Settings
}

// C2STResult is what a classifier that was asked which sample rows are from knew
// of rows it had not seen.
type C2STResult struct {
	// Accuracy is the mean of the shares of right answers for either sample, ½ for
	// samples of one distribution whatever their sizes, 1 for samples apart.
	Accuracy float64
	// Low and High are Wilson's confidence interval of Accuracy, as of
	// 4nm/(n + m)/c independent answers. Without c that is the rows of both when there
	// are equally many; c = 1 + K/(K − 1) for K folds, since fits that share rows err
	// together ("Inference for the Generalization Error", Nadeau and Bengio 2003).
	Low, High float64
	// AUC is the mean over the folds of the area under the curve, which also counts
	// how sure the classifier was. Its error counts c, too.
	AUC Estimate
	// Detection is the mean over the folds of 2 − 2 max(AUC, ½), the score of
	// SDMetrics' detection, here by trees: 1 for samples of one distribution but for
	// chance, 0 for samples apart.
	Detection float64
}

// c2stText is a C2STResult in JSON.
type c2stText struct {
	Accuracy, Low, High *float64
	AUC                 Estimate
	Detection           *float64
}

// MarshalJSON writes the fields by their names, with null for what is NaN.
func (r C2STResult) MarshalJSON() ([]byte, error) {
	return json.Marshal(c2stText{number(r.Accuracy), number(r.Low), number(r.High), r.AUC, number(r.Detection)})
}

// UnmarshalJSON reads what MarshalJSON writes, null as NaN.
func (r *C2STResult) UnmarshalJSON(text []byte) error {
	var v c2stText
	if err := json.Unmarshal(text, &v); err != nil {
		return err
	}
	*r = C2STResult{orNaN(v.Accuracy), orNaN(v.Low), orNaN(v.High), v.AUC, orNaN(v.Detection)}
	return nil
}

// C2ST returns the result of a classifier two-sample test with gradient-boosted
// trees. Each of the folds has its share of either sample; the rows of a fold
// are judged by trees fitted to the others, to be of y when its probability is
// above the share of y among those, an equal one counting as half right.
//
// A NaN is a missing cell, which trees see as it is: columns of labels may hold
// their numbers. All results are NaN when a value is infinite or a sample has one
// row. Errors wrap ErrRange, or are those of the trees' settings. C2ST panics when
// the columns differ or a sample is empty.
func C2ST(x, y *mat.Dense, s *C2STSettings) (C2STResult, error) {
	n, m, d := dims("C2ST", "x", "y", x, y)
	var c C2STSettings
	if s != nil {
		c = *s
	}
	switch {
	case c.Folds < 0 || c.Folds == 1:
		return C2STResult{}, fmt.Errorf("twosample: C2ST: Settings.Folds: is %d, want at least 2, or 0 for 5: %w", c.Folds, ErrRange)
	case !(c.Confidence >= 0 && c.Confidence < 1):
		return C2STResult{}, fmt.Errorf("twosample: C2ST: Settings.Confidence: is %v, want above 0 and below 1, or 0 for .95: %w", c.Confidence, ErrRange)
	}
	if c.Folds == 0 {
		c.Folds = 5
	}
	if c.Confidence == 0 {
		c.Confidence = 0.95
	}
	folds := min(c.Folds, n, m)
	if folds < 2 || infinite(x, y) {
		nan := math.NaN()
		return C2STResult{nan, nan, nan, Estimate{nan, nan}, nan}, nil
	}
	pool := mat.NewDense(n+m, d, nil)
	pool.Stack(x, y)
	label := make([]int, n+m)
	for j := range m {
		label[n+j] = 1
	}
	p, fold, err := boost.OutOfFold(pool, label, 2, folds, c.Seed, c.Trees)
	if err != nil {
		return C2STResult{}, fmt.Errorf("twosample: C2ST: Settings.Trees: %w", err)
	}
	chances := make([][2][]float64, folds) // of being of y, by fold and label
	for i, l := range label {
		of := &chances[fold[i]]
		of[l] = append(of[l], p.At(i, 1))
	}
	var r C2STResult
	var right [2]float64
	var variance float64
	for _, of := range chances {
		a, b := len(of[0]), len(of[1])
		prior := float64(m-b) / float64(n+m-a-b)
		right[0] += float64(a) - above(of[0], prior)
		right[1] += above(of[1], prior)
		auc := AUC(of[1], of[0])
		r.AUC.Value += auc.Value / float64(folds)
		r.Detection += 2 * (1 - max(auc.Value, 0.5)) / float64(folds)
		variance += auc.SE * auc.SE / float64(folds*folds)
	}
	shared := 1 + float64(folds)/float64(folds-1)
	r.AUC.SE = math.Sqrt(variance * shared)
	r.Accuracy = (right[0]/float64(n) + right[1]/float64(m)) / 2
	r.Low, r.High = wilson(r.Accuracy, 4/(1/float64(n)+1/float64(m))/shared, c.Confidence)
	return r, nil
}

// above returns how many values are above a bound, one that is equal but for rounding
// being half.
func above(values []float64, bound float64) (n float64) {
	for _, v := range values {
		switch gap := v - bound; {
		case math.Abs(gap) < 1e-12:
			n += 0.5
		case gap > 0:
			n++
		}
	}
	return n
}

// wilson returns Wilson's interval of a share p of n answers.
func wilson(p, n, confidence float64) (low, high float64) {
	z := math.Sqrt2 * math.Erfinv(confidence)
	centre := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return max(0, min(p, centre-half)), min(1, max(p, centre+half)) // p itself but for rounding
}

func infinite(of ...*mat.Dense) bool {
	for _, x := range of {
		n, _ := x.Dims()
		for i := range n {
			if row := x.RawRowView(i); slices.ContainsFunc(row, func(v float64) bool { return math.IsInf(v, 0) }) {
				return true
			}
		}
	}
	return false
}

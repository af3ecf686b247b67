package twosample

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
)

// Estimate is a value with its standard error, NaN where there is none.
type Estimate struct{ Value, SE float64 }

// String returns the value with its error, such as 0.512 ± 0.004.
func (e Estimate) String() string {
	if math.IsNaN(e.SE) {
		return fmt.Sprintf("%.4g", e.Value)
	}
	return fmt.Sprintf("%.3f ± %.3f", e.Value, e.SE)
}

// MarshalJSON writes {"Value": …, "SE": …}, with null for what is not finite.
func (e Estimate) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct{ Value, SE *float64 }{number(e.Value), number(e.SE)})
}

// UnmarshalJSON reads what MarshalJSON writes, null as NaN.
func (e *Estimate) UnmarshalJSON(text []byte) error {
	var v struct{ Value, SE *float64 }
	if err := json.Unmarshal(text, &v); err != nil {
		return err
	}
	*e = Estimate{orNaN(v.Value), orNaN(v.SE)}
	return nil
}

func orNaN(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}

// number returns what is written to JSON: null for what is not finite.
func number(v float64) *float64 {
	if v-v != 0 {
		return nil
	}
	return &v
}

// numbersOf returns the numbers as they are written to JSON.
func numbersOf(v []float64) []*float64 {
	var all []*float64
	for _, x := range v {
		all = append(all, number(x))
	}
	return all
}

func orNaNs(v []*float64) []float64 {
	var all []float64
	for _, x := range v {
		all = append(all, orNaN(x))
	}
	return all
}

// proportion returns a share with its standard error √(p(1 − p)/n).
func proportion(count, n int) Estimate {
	p := float64(count) / float64(n)
	return Estimate{p, math.Sqrt(p * (1 - p) / float64(n))}
}

// AUC returns the area under the receiver operating characteristic of scores
// that should be higher for positives than for negatives: the probability that a
// random positive has the higher one, ties counting ½. Its standard error is that
// of "Comparing the Areas under Two or More Correlated Receiver Operating
// Characteristic Curves" (DeLong et al. 1988), NaN with fewer than two of a kind.
// AUC is NaN when a score is; infinities are scores like others. It panics when
// there are none of a kind.
func AUC(positives, negatives []float64) Estimate {
	n, m := len(positives), len(negatives)
	if n == 0 || m == 0 {
		panic(fmt.Sprintf("twosample: AUC: %d positives and %d negatives, want at least one", n, m))
	}
	if slices.ContainsFunc(positives, math.IsNaN) || slices.ContainsFunc(negatives, math.IsNaN) {
		return Estimate{math.NaN(), math.NaN()}
	}
	p, q := slices.Clone(positives), slices.Clone(negatives)
	slices.Sort(p)
	slices.Sort(q)
	var sum float64
	varP := placements(p, q, func(below, ties int) { sum += float64(below) + float64(ties)/2 })
	varQ := placements(q, p, func(int, int) {})
	return Estimate{
		Value: sum / (float64(n) * float64(m)),
		SE:    math.Sqrt(varP/float64(n) + varQ/float64(m)),
	}
}

// placements returns the variance over p of the share of q that lies below, ties
// counting ½. Both are sorted.
func placements(p, q []float64, add func(below, ties int)) (variance float64) {
	var mean, square float64
	below, upTo := 0, 0
	for i, v := range p {
		for below < len(q) && q[below] < v {
			below++
		}
		for upTo = max(upTo, below); upTo < len(q) && q[upTo] == v; upTo++ {
		}
		add(below, upTo-below)
		u := (float64(below) + float64(upTo-below)/2) / float64(len(q))
		delta := u - mean
		mean += delta / float64(i+1)
		square += delta * (u - mean)
	}
	return square / float64(len(p)-1) // NaN of one
}

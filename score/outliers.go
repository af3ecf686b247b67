package score

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
)

// outliers are what makes the deviation of a column when a few rows do: it is many times
// that of the middle half of the rows.
type outliers struct {
	column            int
	deviation, middle float64 // of all rows, and what the middle half has if it is normal
	off, value        float64 // the row that is farthest from the mean
}

// find looks for them in a column, centred.
func (o *outliers) find(centred []float64, mean float64) bool {
	const most, normal, few = 20, 1.349, 1024
	some := make([]float64, few) // enough for quartiles, and soon sorted for many columns
	for i := range some {
		some[i] = centred[i*len(centred)/few]
	}
	slices.Sort(some)
	o.middle = (some[3*few/4] - some[few/4]) / normal
	if !(o.middle > 0 && o.deviation > most*o.middle) {
		return false
	}
	far := floats.Max(centred)
	if least := floats.Min(centred); -least > far {
		far = least
	}
	o.off, o.value = math.Abs(far), mean+far
	return true
}

// warnFar tells of columns whose scale comes from a few rows far out. One scale for all
// columns, such as the pixels of a picture, of which one may be black in most pictures,
// comes from them only when it is small beside them.
func (t *trainer) warnFar(far []outliers, shift, scale []float64) {
	const most = 10
	made := scalingOf(shift, scale)
	own := made == ColumnScales || made == CommonScale && len(scale) == 1
	far = slices.DeleteFunc(far, func(o outliers) bool { return !own && o.off <= most*scale[o.column] })
	if len(far) == 0 {
		return
	}
	o := far[0]
	text := fmt.Sprintf("column %d: its deviation %.4g comes from a few rows far out, such as %.6g; that of the middle half is %.4g: take them out, or train on logarithms", o.column, o.deviation, o.value, o.middle)
	if len(far) > 1 {
		var others []int
		for _, o := range far[1:] {
			others = append(others, o.column)
		}
		text += fmt.Sprintf("; likewise column %s; pictures and signals want CommonScale", list(others))
	}
	t.warn(text)
}

package inference

import (
	"fmt"
	"io"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/score"
)

// keptJoint is what a Joint knows beside the network, in JSON.
type keptJoint struct {
	Version int
	keptAxes
	Columns  int // of x
	XTails   []*keptTails
	From, To []float64 // of the parameters and columns of x that were learned from
}

// keep writes what the Joint knows beside the network into the model's Metadata.
func (j *Joint) keep() error {
	k := keptJoint{Version: version, keptAxes: keptAxesOf(j.axes), Columns: j.columns, XTails: keptTailsOf(j.tails), From: j.low, To: j.high}
	return write(j.model, jointMetadata, k)
}

// Save writes the Joint to w: the file of its Model, whose Metadata hold the rest under the
// key "inference.joint". Errors are those of score.Model.Save.
func (j *Joint) Save(w io.Writer) error { return j.model.Save(w) }

// SaveFile saves the Joint at path in one step, as score.Model.SaveFile does.
func (j *Joint) SaveFile(path string) error { return j.model.SaveFile(path) }

// OpenJoint returns the Joint in the file at path. It draws and computes what the one that
// was saved does, to the bit.
//
// Errors are those of score.Open, and one wrapping ErrMismatch for a file that holds no
// Joint, or one that contradicts itself.
func OpenJoint(path string) (*Joint, error) {
	m, err := score.Open(path)
	if err != nil {
		return nil, fmt.Errorf("inference: OpenJoint: %w", err)
	}
	j, err := openedJoint(m)
	if err != nil {
		return nil, fmt.Errorf("inference: OpenJoint: %s: %w", path, err)
	}
	return j, nil
}

func openedJoint(m *score.Model) (*Joint, error) {
	var k keptJoint
	if err := read(m.Metadata, jointMetadata, "Joint", &k); err != nil {
		return nil, err
	}
	fail := func(format string, args ...any) (*Joint, error) {
		return nil, fmt.Errorf("metadata %q: %s: %w", jointMetadata, fmt.Sprintf(format, args...), ErrMismatch)
	}
	d := m.Dim()
	switch {
	case k.Version != version:
		return fail("version is %d, want %d", k.Version, version)
	case k.Columns < 1 || k.Columns >= d:
		return fail("has %d columns of x, the model has %d, with those of the parameters", k.Columns, d)
	}
	axes, err := k.axes(d - k.Columns)
	if err != nil {
		return fail("%v", err)
	}
	if err := m.Unconditional().CheckObserve(score.Observed{Values: mat.NewDense(1, d, nil)}); err != nil {
		return fail("%v", err)
	}
	if len(k.From) != d || len(k.To) != d {
		return fail("has %d From and %d To, want %d of each", len(k.From), len(k.To), d)
	}
	for j, v := range k.From {
		if !(v <= k.To[j]) {
			return fail("column %d goes from %v to %v", j, v, k.To[j])
		}
	}
	all, err := tailsIn(k.XTails, k.Columns)
	if err != nil {
		return fail("%v", err)
	}
	return &Joint{model: m, axes: axes, columns: k.Columns, tails: all, low: k.From, high: k.To}, nil
}

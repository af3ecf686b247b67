package inference

import (
	"errors"
	"fmt"
	"io"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/score"
)

// Save writes the Posterior to w: the file of its Model, whose Metadata hold the rest under
// the key "inference". The Prior is not in it, and a network of one's own only by its weights:
// OpenWith opens that. Errors are those of score.Model.Save.
func (p *Posterior) Save(w io.Writer) error { return p.model.Save(w) }

// SaveFile saves the Posterior at path in one step, as score.Model.SaveFile does.
func (p *Posterior) SaveFile(path string) error { return p.model.SaveFile(path) }

// Open returns the Posterior in the file at path. The prior is the one that the simulations
// were drawn from, or nil, with which Weigh has nothing to weigh by and GivenAll takes a
// normal one.
//
// A checkpoint of Settings.Training.Checkpoints is such a file, too: the Posterior as far as it
// was learned. Resume goes on from there.
//
// Errors are those of score.Open, one wrapping score.ErrNotSerializable for a Net or Embed of
// one's own, see OpenWith, and one wrapping ErrMismatch for a file that holds no Posterior or
// one whose parameters have other bounds than the prior. A few draws of the prior are looked
// at as Simulate does.
func Open(path string, p Prior) (*Posterior, error) {
	m, err := score.Open(path)
	if errors.Is(err, score.ErrNotSerializable) {
		return nil, fmt.Errorf("inference: Open: use OpenWith and its Settings: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("inference: Open: %w", err)
	}
	post, err := opened(m, p)
	if err != nil {
		return nil, fmt.Errorf("inference: Open: %s: %w", path, err)
	}
	return post, nil
}

// OpenWith returns the Posterior in the file at path as Open does, with the Net and Embed of
// the Settings that it was learned with, which may be of the user's own types. What is nil
// there is that of Recommend, as it was in Fit. Errors are those of Open, and one wrapping
// score.ErrMismatch, printing both, when the file is of other networks.
func OpenWith(path string, p Prior, s *Settings) (*Posterior, error) {
	post, err := openWith(path, p, s)
	if err != nil {
		return nil, fmt.Errorf("inference: OpenWith: %s: %w", path, err)
	}
	return post, nil
}

func openWith(path string, p Prior, s *Settings) (*Posterior, error) {
	if s == nil {
		s = &Settings{}
	}
	text, err := score.MetadataOf(path)
	if err != nil {
		return nil, err
	}
	var k kept
	if err := read(text, metadata, "Posterior", &k); err != nil {
		return nil, err
	}
	n, d, columns := k.Pairs, len(k.Center), len(k.XShift)
	if n < 1 || d == 0 || columns == 0 {
		return nil, fmt.Errorf("metadata %q: has %d parameters and %d columns of %d pairs: %w", metadata, d, columns, n, ErrMismatch)
	}
	if _, _, err := k.coordinates(d); err != nil { // before networks are made for so many
		return nil, err
	}
	m, err := score.New(d, s.config(Recommend(n, d, columns), n, d, columns))
	if err != nil {
		return nil, err
	}
	if err := m.LoadFile(path); err != nil {
		return nil, err
	}
	return opened(m, p)
}

func opened(m *score.Model, p Prior) (*Posterior, error) {
	var k kept
	if err := read(m.Metadata, metadata, "Posterior", &k); err != nil {
		return nil, err
	}
	c, wide, err := k.coordinates(m.Dim())
	if err != nil {
		return nil, err
	}
	if columns := len(k.XShift); m.CheckGiven(mat.NewDense(1, columns, nil)) != nil {
		return nil, fmt.Errorf("metadata %q: has %d columns of x, which are not the model's: %w", metadata, columns, ErrMismatch)
	}
	if p != nil {
		low, high, err := boundsOf(p, m.Dim())
		if err != nil {
			return nil, err
		}
		if err := checkDraws(p, low, high); err != nil {
			return nil, err
		}
		for j, a := range c.axes {
			if a.low != low[j] || a.high != high[j] {
				return nil, fmt.Errorf("parameter %d: the prior has the bounds %v and %v, the file %v and %v: %w", j, low[j], high[j], a.low, a.high, ErrMismatch)
			}
		}
	}
	return &Posterior{Prior: p, model: m, at: c, wide: wide}, nil
}

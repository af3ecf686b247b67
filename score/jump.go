package score

import (
	"fmt"
	"math"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
)

// Jump are the leaves of a batch of a model with Config.FlowMap, in the coordinates of unit
// scale y = x/√C and the angle θ = arctan(σ/(α√v)): r×d rows and r×1 columns.
type Jump struct {
	Y     *ad.Expr // of Xt
	Field *ad.Expr // F* = sin θ X0/√v − cos θ Z, the target of F, and −dy/dθ
	Level *ad.Expr // what the network is told of the noise at t
	Rate  *ad.Expr // the derivative of Level in θ
	Turn  *ad.Expr // θ_t − θ_r
	End   *ad.Expr // what the network is told of the noise at r

	// At a time s between r and t, a little before t: the row that is there when X0 and Z
	// are those of all of the way, what the network is told, and θ_t − θ_s.
	NearY, NearLevel, NearTurn *ad.Expr
}

// MapObjective is an Objective of a model with Config.FlowMap. It also chooses, for a row
// whose time t is the quantile own of Settings.Times, the time r to which the row is to
// be taken, and a time s between them: Jump returns the quantile end ≤ own of r, 0 being
// the data themselves, and near on [0, 1], with σ/α at s being near times that at t, or
// that at r if it is more. draw is uniform on [0, 1), done the share of the run that
// has been made.
type MapObjective interface {
	Objective
	Jump(own, draw, done float64) (end, near float64)
}

// suitsMap returns an error for an objective and a model that do not fit, and takes the
// default of a model with FlowMap.
func (s *Settings) suitsMap(m *Model, given *Settings) error {
	if m.maps && given.Objective == nil {
		s.Objective = MeanFlow{}
		if s.Teacher != nil {
			s.Objective = Trajectories{}
		}
	}
	if _, is := s.Objective.(Trajectories); is && s.Teacher == nil {
		return fmt.Errorf("score: Fit: Settings.Objective: is Trajectories without a Settings.Teacher, want one whose flow to follow: %w", ErrRange)
	}
	if _, ways := s.Objective.(Trajectories); m.maps && !ways && given.Times == nil {
		s.Times = LogNormal{Mean: -0.8, Std: 1.6} // few steps begin with much noise
	}
	if p, is := s.Objective.(Progressive); is {
		return p.suits(m, s, given.Times)
	}
	switch _, is := s.Objective.(MapObjective); {
	case m.maps && !is:
		return fmt.Errorf("score: Fit: Settings.Objective: is %T, want Trajectories with a Settings.Teacher, MeanFlow, Consistency or another MapObjective for a model with Config.FlowMap: %w", s.Objective, ErrRange)
	case !m.maps && is:
		return fmt.Errorf("score: Fit: Settings.Objective: is %T, for a model without Config.FlowMap: %w", s.Objective, ErrRange)
	}
	return nil
}

// mapColumns fills the further coefficients of a distinct row.
func (b *batcher) mapColumns(c []float32, i int) {
	var u [1]float64
	noise.Uniform(u[:], b.s.Seed, noise.Draw{Purpose: noise.Level, Step: b.step, Row: i, Slot: 4})
	own, done := b.level(i), 1.0
	if b.step >= 0 {
		done = min(float64(b.step)/float64(b.s.Steps), 1)
	}
	end, near := b.s.Objective.(MapObjective).Jump(own, u[0], done)
	α, σ, v := b.at[i].α, b.at[i].σ, b.m.variance()
	level, αr, σr := noiseLevel(α, σ), α, σ
	toldEnd := level
	switch {
	case b.ways.on(b, i):
		to := &b.ways.at[b.ways.of[i].to]
		αr, σr = to.α, to.σ
		toldEnd = min(b.m.toldLevel(αr, σr), level)
	case end <= 0:
		αr, σr = 1, 0
		toldEnd = b.m.toldLevel(1, 0)
	case end < own:
		αr, σr = b.m.process.Kernel(b.s.Times.Quantile(b.m.process, end))
		toldEnd = min(b.m.toldLevel(αr, σr), level)
	}
	αs, σs := 1.0, max(near*σ/α, σr/αr)
	θ := angleOf(α, σ, v)
	sin, cos := math.Sincos(θ)
	c[colAngle], c[colRate] = float32(θ), float32(0.25/(sin*cos))
	turn := θ - angleOf(αr, σr, v)
	c[colTurn], c[colEnd] = float32(turn), float32(toldEnd)
	c[colNear], c[colNearNoise] = float32(max(0, min(θ-angleOf(αs, σs, v), turn))), float32(min(b.m.toldLevel(αs, σs), level))
}

// jump returns the leaves of a model with FlowMap.
func (b *batcher) jump(col func(i int) *ad.Expr, d Batch) *Jump {
	root := 1 / math.Sqrt(b.m.variance())
	clean := ad.Scale(root, d.X0)
	y := func(θ *ad.Expr) *ad.Expr { return ad.Add(ad.Mul(ad.Cos(θ), clean), ad.Mul(ad.Sin(θ), d.Z)) }
	θ := col(colAngle)
	return &Jump{
		Y: ad.Mul(col(colIn), d.Xt), Field: ad.Sub(ad.Mul(ad.Sin(θ), clean), ad.Mul(ad.Cos(θ), d.Z)),
		Level: col(colNoise), Rate: col(colRate), Turn: col(colTurn), End: col(colEnd),
		NearY: y(ad.Sub(θ, col(colNear))), NearLevel: col(colNearNoise), NearTurn: col(colNear),
	}
}

// fieldLoss is the loss of rows with r = t alone. Unlike that of the others, whose target
// the network makes, it says something of held-out rows: the noise of a target of theirs
// counts by the slope of the map.
type fieldLoss struct{}

// Jump implements MapObjective.
func (fieldLoss) Jump(own, _, _ float64) (end, near float64) { return own, 1 }

// Loss returns the loss of each row.
func (fieldLoss) Loss(_ *nn.Build, f Fields, d Batch) *ad.Expr {
	return distance(f.Mean(d.Jump.Y, d.Jump.Level, d.Jump.End), d.Jump.Field)
}

// endOf returns the quantile of the end of a row's way: that of the row itself for a share
// of the draws, 0 for a share data of the others, and uniform below own for the rest.
func endOf(own, draw, same, data float64) float64 {
	if draw < same {
		return own
	}
	switch draw = (draw - same) / (1 - same); {
	case draw < data:
		return 0
	default:
		return own * (draw - data) / (1 - data)
	}
}

// validShare checks a share below 1 of which 0 means a default.
func validShare(field string, v float64) error {
	if !(v >= 0 && v < 1 || v == None) {
		return fmt.Errorf("%s: is %v, want a share below 1, 0 for the default, or None: %w", field, v, sde.ErrRange)
	}
	return nil
}

// shareOf returns a share, its default for 0, and 0 for None.
func shareOf(v, standard float64) float64 {
	switch v {
	case 0:
		return standard
	case None:
		return 0
	}
	return v
}

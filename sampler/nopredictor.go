package sampler

var _ Predictor = NoPredictor{}

// NoPredictor is the Predictor that leaves the state where it is, so that the
// Corrector does all the work: with Langevin on a grid of falling noise levels
// this is annealed Langevin dynamics (Song & Ermon 2019).
type NoPredictor struct{}

// Predict implements Predictor.
func (NoPredictor) Predict(s *Step) error {
	s.Mean.Copy(s.X)
	return nil
}

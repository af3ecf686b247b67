package signal

// Mono returns the mean of the channels of a source, as a source of one channel. It serves
// several goroutines if the source does.
func Mono(s Source) Source { return mono{s} }

type mono struct{ Source }

func (mono) Channels() int { return 1 }

func (m mono) Frames(x []float64, first int) error {
	k := m.Source.Channels()
	all := make([]float64, len(x)*k)
	if err := m.Source.Frames(all, first); err != nil {
		return err
	}
	for i := range x {
		sum := 0.0
		for _, v := range all[i*k : (i+1)*k] {
			sum += v
		}
		x[i] = sum / float64(k)
	}
	return nil
}

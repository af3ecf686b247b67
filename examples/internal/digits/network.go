package digits

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/score/record/bar"
)

// Network is a U-Net of two levels, with attention between the positions of the lower
// and, for images of 16 pixels and more, a stem of 2×2 patches.
func (f Format) Network() nn.UNet {
	net := nn.UNet{Size: []int{f.Height, f.Width}, Channels: []int{32, 64}, Heads: 4}
	if min(f.Height, f.Width) >= 16 {
		net.Patch, net.Channels = 2, []int{48, 96}
	}
	return net
}

// times are the noise levels of training: those of Karras et al. 2022 for images of 16
// pixels and more, whose classes and outlines only much noise hides; lower ones, the
// default, for those of less.
func (f Format) times() score.Times {
	if min(f.Height, f.Width) >= 16 {
		return score.LogNormal{Mean: -0.5, Std: 1.2} // −1.2 for data of deviation ½
	}
	return nil
}

// Training steers Train.
type Training struct {
	Model            string // file of the network, see Train; none when empty
	Steps, Batch     int
	Rate, Regularize float64
	Workers          int
	Seed             uint64
}

// Config is that of a model of images by class.
func (f Format) Config() *score.Config {
	return &score.Config{Net: f.Network(), Cond: score.Conditions{Classes: []int{f.Classes}}}
}

// Settings are those of a run on images of a format.
func (j Training) Settings(f Format) *score.Settings {
	return &score.Settings{
		Steps: j.Steps, Batch: j.Batch, Independent: true, References: score.None, Scaling: score.CommonScale,
		Rate:       optim.WarmUp{Steps: 100, Then: optim.Cosine{Peak: j.Rate, Floor: j.Rate / 100, Steps: max(j.Steps-100, 1)}},
		Regularize: j.Regularize, Times: f.times(), Workers: j.Workers, Seed: j.Seed,
	}
}

// Train returns the model of images by class that the file holds, or, when there is no
// such file, trains one and keeps it there. The context ends the training. It says on
// stdout what it has done.
func Train(ctx context.Context, train Set, j Training, stdout, stderr io.Writer) (*score.Model, error) {
	c := train.Config()
	c.Seed = j.Seed
	m, err := score.New(train.Pixels(), c)
	if err != nil {
		return nil, err
	}
	if j.Model != "" {
		if err := m.LoadFile(j.Model); !errors.Is(err, fs.ErrNotExist) {
			fmt.Fprintf(stdout, "seed %d, network of %s\n", j.Seed, j.Model)
			return m, err
		}
	}
	progress, settings := bar.New(stderr, j.Steps), j.Settings(train.Format)
	settings.Recorder = progress
	res, err := score.Fit(ctx, m, Scattered{train}, settings)
	progress.Close()
	if err != nil && !errors.Is(err, context.Canceled) {
		return nil, err
	}
	fmt.Fprintf(stdout, "%d of %d steps, seed %d, loss %.3f\n", res.Steps, j.Steps, j.Seed, res.Loss)
	if j.Model == "" {
		return m, nil
	}
	return m, m.SaveFile(j.Model)
}

package record_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/score/record"
)

// What a run says of its steps goes to a file, whole lines whatever happens.
func ExampleJSONLines() {
	path := filepath.Join(os.TempDir(), fmt.Sprintf("run-%d.jsonl", os.Getpid()))
	defer os.Remove(path)
	file, err := record.AppendLines(path)
	if err != nil {
		log.Fatal(err)
	}
	r := record.All{&record.JSONLines{W: file}, &record.CSV{W: os.Stdout}}
	for step := range 2 {
		m := score.Metrics{Step: step + 1, Steps: 2, Loss: 1.5, GradNorm: 0.25, Rate: 1e-3, HeldOut: math.NaN()}
		if step == 1 {
			m.HeldOut = 1.75
		}
		if err := r.Record(m); err != nil {
			log.Fatal(err)
		}
	}
	if err := file.Close(); err != nil {
		log.Fatal(err)
	}
	lines, _ := os.ReadFile(path)
	fmt.Print(string(lines))
	// Output:
	// step,loss,grad_norm,rate,held_out
	// 1,1.5,0.25,0.001,
	// 2,1.5,0.25,0.001,1.75
	// {"step":1,"steps":2,"loss":1.5,"grad_norm":0.25,"rate":0.001}
	// {"step":2,"steps":2,"loss":1.5,"grad_norm":0.25,"rate":0.001,"held_out":1.75}
}

// The negative log-likelihood of held-out rows, in nats, as a column of the
// record of a run.
func ExampleMetric() {
	ctx := context.Background()
	m, _ := score.New(2, &score.Config{Net: nn.MLP{Hidden: []int{16, 16}}})
	x, logp := mat.NewDense(200, 2, nil), make([]float64, 200)
	_ = normals{}.Batch(x, nil, 0, 0, rand.New(rand.NewPCG(1, 2)))
	var table bytes.Buffer

	nll := &record.Metric{Name: "nll", Every: 200, To: &record.CSV{W: &table}, Of: func() (float64, error) {
		_, err := sampler.LogProb(ctx, logp, x, m.Problem(), nil)
		return -stat.Mean(logp, nil), err
	}}
	if _, err := score.Fit(ctx, m, normals{}, &score.Settings{Steps: 400, Batch: 64, Recorder: nll}); err != nil {
		log.Fatal(err)
	}

	rows, _ := csv.NewReader(&table).ReadAll()
	fmt.Println(rows[0], len(rows))
	last, _ := strconv.ParseFloat(rows[400][5], 64)
	entropy := math.Log(2 * math.Pi * math.E)
	fmt.Printf("%q %t\n", rows[199][5], math.Abs(last-entropy) < 0.2)
	// Output:
	// [step loss grad_norm rate held_out nll] 401
	// "" true
}

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/gradlogp/gradlogp/dataset/figure"
	"github.com/gradlogp/gradlogp/dataset/table"
)

// judge reports how like new rows are to those learned and to those held out: as text, in
// a JSON file, and in a picture.
func (j *job) judge(learned *rows, synthetic *table.Table, stdout io.Writer) error {
	rules, err := parseRules(learned.train, j.ruleTexts())
	if err != nil {
		return err
	}
	r, err := table.NewReport(learned.train, synthetic, learned.held, &table.ReportSettings{
		Seed: j.seed, Targets: j.target, Rules: rules,
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "\n%v\n", r)
	if j.report != "" {
		text, err := json.MarshalIndent(r, "", "\t")
		if err != nil {
			return err
		}
		if err := os.WriteFile(j.report, append(text, '\n'), 0o644); err != nil {
			return err
		}
	}
	if j.picture == "-" {
		return nil
	}
	panels, width, height := figure.TableReport(r)
	return figure.Save(j.picture, panels, width, height)
}

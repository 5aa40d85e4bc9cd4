package world

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/lambdatune/lambdatune/examples/lab/load"
	"github.com/lambdatune/lambdatune/secrets/secretstest"
)

func password(rotation int) string    { return fmt.Sprintf("password-%d", rotation) }
func paymentsKey(rotation int) string { return fmt.Sprintf("key-%d", rotation) }

// secretValue is the function's secret after so many rotations. They change the
// database's password, or where there is none the payment API's key.
func (w *World) secretValue(rotation int) string {
	type database struct {
		Engine   string `json:"engine"`
		Host     string `json:"host"`
		Port     int    `json:"port"`
		Username string `json:"username"`
		Password string `json:"password"`
		DBName   string `json:"dbname"`
	}
	var s struct {
		Database    *database `json:"database"`
		PaymentsKey string    `json:"paymentsKey"`
	}
	s.PaymentsKey = paymentsKey(rotation)
	if w.db != nil {
		s.PaymentsKey = paymentsKey(0)
		s.Database = &database{"postgres", "127.0.0.1", w.db.server.Port, "orders", password(rotation), "shop"}
	}
	b, _ := json.Marshal(s) // of strings and a number
	return string(b)
}

// Rotate rotates the secret by the steps of a rotation function. For the time
// of the window, only AWSPENDING is accepted.
func (w *World) Rotate(ctx context.Context, window time.Duration) error {
	w.window = window
	_, err := w.secrets.Rotate(ctx, secretID)
	return err
}

func (w *World) rotation() secretstest.Rotation {
	return secretstest.Rotation{
		Create: func(context.Context, string) (string, error) {
			w.rotations++
			return w.secretValue(w.rotations), nil
		},
		Set: func(ctx context.Context, _ string) error {
			if w.db != nil {
				return w.db.setPassword(ctx, password(w.rotations))
			}
			w.pay.setKey(paymentsKey(w.rotations))
			return nil
		},
		Test: func(ctx context.Context, _ string) error {
			return load.Clock{Start: time.Now()}.Sleep(ctx, w.window)
		},
	}
}

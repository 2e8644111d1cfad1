"""A small service to try signalbox_metrics with: uvicorn app:app --port 8000"""

from fastapi import FastAPI, HTTPException

from signalbox_metrics import instrument

app = FastAPI()
instrument(app, agency="IRS", env="dev")


@app.get("/forms/{form_id}")
async def read_form(form_id: int):
    if form_id == 0:
        raise HTTPException(status_code=404, detail="no such form")
    return {"form": form_id}


@app.get("/broken")
async def broken():
    raise RuntimeError("broken on purpose")

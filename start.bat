@echo off
rem start.bat                 the real model, which is downloaded once (880 MB)
rem start.bat demo            the small model that ships with the package
rem start.bat demo --port N   whatever else is said are options of the server

setlocal
chcp 65001 >nul
set "PYTHONUTF8=1"
cd /d "%~dp0"

if exist .venv\Scripts\python.exe goto install
set "PYTHON="
for %%P in ("py -3" python) do if not defined PYTHON %%~P -c "import sys; sys.exit(sys.version_info < (3, 11))" >nul 2>nul && set "PYTHON=%%~P"
if not defined PYTHON (
    echo Error: Python 3.11 or newer was not found. 1>&2
    echo Install it from https://www.python.org/downloads and tick "Add python.exe to PATH". 1>&2
    exit /b 1
)
echo Making the environment in .venv.
%PYTHON% -m venv .venv
if errorlevel 1 (
    echo Error: %PYTHON% could not make an environment; what stands above says why. 1>&2
    exit /b 1
)

:install
rem The copies tell what was installed; a difference means that something is left to install.
fc /b requirements.txt .venv\requirements.txt >nul 2>nul && fc /b pyproject.toml .venv\pyproject.toml >nul 2>nul && goto serve
echo Installing the server and the client; the first time this takes minutes.
.venv\Scripts\python.exe -m pip install --disable-pip-version-check --quiet -r requirements.txt
if errorlevel 1 (
    echo Error: The installation failed; what stands above says why. Start this again to try once more. 1>&2
    exit /b 1
)
copy /y requirements.txt .venv\requirements.txt >nul
copy /y pyproject.toml .venv\pyproject.toml >nul

:serve
if not defined VOICECHAT_PORT set "VOICECHAT_PORT=8000"
echo The server starts; Ctrl+C ends it. Unless --port names another port:
echo   http://localhost:%VOICECHAT_PORT%/docs    every HTTP call, to read and to try
echo   http://localhost:%VOICECHAT_PORT%/ready   whether audio would be recognised now
echo   ws://localhost:%VOICECHAT_PORT%/ws        audio in, text out
echo   .venv\Scripts\voicechat-tui replay FILE   recognise a recording, in another window
set "OPTIONS=%*"
if "%~1"=="demo" set "OPTIONS=--model %*"
.venv\Scripts\python.exe main.py %OPTIONS%
exit /b %errorlevel%
